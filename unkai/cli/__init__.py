"""The command line: one file per verb, each loaded only when it is asked for.

Exit codes: 0 done; 1 it failed; 2 the question is wrong (an option, a setting); 3 no cloud runs
there; 4 doctor or audit found something. What failed is one sentence on standard error, with what
to do about it.
"""
