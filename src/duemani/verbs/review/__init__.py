"""The public verb `review`: a film, a recording or notes in, what a teacher would say out."""
