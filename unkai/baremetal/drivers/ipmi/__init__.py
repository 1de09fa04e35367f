"""IPMI 2.0 over LAN: an asyncio client of RMCP+, one UDP socket for all BMCs, and the interfaces.

Rejected after measuring: ipmitool (a process and 33 ms of CPU a call), pyghmi (threads and state of
the whole process).
"""
