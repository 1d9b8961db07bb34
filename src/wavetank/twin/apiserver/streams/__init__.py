"""Connections that stay open in both directions: exec, attach and port-forward, in every form in which clients ask for them.

WebSockets with channels (``v5.channel.k8s.io`` and older), SPDY/3.1 tunnelled in a WebSocket (port-forward of newer
kubectl), and the SPDY/3.1 upgrade of older ones. What a connection is about is decided in ``opening``; what passes through
it in ``remote_command`` and ``port_forward``; neither knows which form carries it.
"""
