"""What the application said: its lines as templates with typed slots, counted between collections."""
