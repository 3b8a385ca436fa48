"""The page and its REST API: a thin door over the library's verbs. It imports every room and no other door."""
