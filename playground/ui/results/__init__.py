"""Pages of results: what papers print beside what comes out here."""
