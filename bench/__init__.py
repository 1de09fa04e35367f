"""What the cloud costs: medians and CPU, per operation, against stated aims."""
