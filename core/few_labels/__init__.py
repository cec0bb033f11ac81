"""Paper 1's cockpit: the division of the pool, step 4 and what if, the ledger, corrections, advice."""
