"""OVN: renders the network's objects into its northbound database and keeps its daemons alive."""
