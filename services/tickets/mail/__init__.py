"""Reading letters: pure, apart from the database, the web and the clock."""
