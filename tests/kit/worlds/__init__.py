"""Small consortiums, each made for the questions of a few test modules. Everything in them is fictional."""
