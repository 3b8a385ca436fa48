"""What people say of answers: labels, kept as they were given, and which answers to show them next.

Nobody is shown which model wrote what. `labels` says what a label means, `choosing` what to show next, `exchange` reads
and writes files of labels. Knows nothing about terminals or pages.
"""
