"""The EKS API of the embedded AWS: state, one module per topic, and the WSGI edge in ``api``.

Belongs here: what EKS answers and which events follow. Forbidden: moto outside of ``neighbours``, Kubernetes objects, and
anything that waits.
"""
