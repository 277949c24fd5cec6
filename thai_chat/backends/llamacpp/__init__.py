"""llama.cpp on this machine: its server as a process of ours."""
