"""The fair, durable, honest test on the user's own rows. Knows nothing about prices or hardware books."""
