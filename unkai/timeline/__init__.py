"""What happened to a server or a node, step by step, written as it happens.

Every service writes through `actions.record`; steps of operations are written by `StepRecorder`, in
the transaction that saves the step. One read serves API, CLI and dashboard.
"""
