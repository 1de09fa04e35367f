"""What every resource provider has, what of it is taken, and where a request fits.

One idea: the usage of a provider's class stands beside its inventory and is changed by one
guarded UPDATE, so a claim can never take more than there is, in whatever transaction it runs.
Rejected: sums over allocations at every question, which is what makes 10,000 providers slow.
"""
