"""``iam person``: the first administrator, help for one person, letters with codes, and usernames;
``iam bulk``: one act for many."""
