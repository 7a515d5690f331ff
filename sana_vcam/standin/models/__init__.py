"""The models that the stand-in hosts: one module each, of which a process imports only one."""
