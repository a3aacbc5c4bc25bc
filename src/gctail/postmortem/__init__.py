"""After the end: what killed a service, since when it was dying, who is suspected, and what to do."""
