"""What was handed in: whose it is, when it came, which file is the answer, and how it is read without trusting it.

`gather` goes from a folder or a platform's zip file to one `Submission` a learner. Each decision has one file:
`files` (what is looked at), `platforms` and `identity` (whose it is), `answer` (which file), `moments` (when),
`reading` (from bytes to a notebook), `deliveries`, `collecting` and `copying` (what lies in an exchange, and how it is
fetched while its learner can still change it).
"""
