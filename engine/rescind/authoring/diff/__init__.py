"""What changed in meaning between two versions or two books, rule by rule and in plain words."""
