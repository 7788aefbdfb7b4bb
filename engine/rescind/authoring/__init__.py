"""What authors do with a book: check, try, measure, compare, edit and freeze it. No decision needs this."""
