"""What a report shows, as strings ready to be placed: the same for HTML and Markdown.

Knows words and numbers, no markup. Every text that strangers wrote is cleaned here and cut to a length that a reader
can take; where something was cut, the rest stays at hand.
"""
