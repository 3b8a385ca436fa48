"""What it costs to ask 3,000 questions with Bakeoff and with its peers: whole processes against one stub server."""
