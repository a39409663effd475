"""Languages: the catalogue's names and the surfaces' own words in English and five more, and how to choose one."""
