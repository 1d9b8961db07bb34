"""The twin: a Kubernetes cluster that runs in its own time, inside this process.

Everything that a program can do to it goes through its Kubernetes API. It is fed objects, never a plan: it has not heard
of ``platform.yaml``. Layers: ``engine`` (time), ``cluster`` (objects), ``controllers``, ``scheduler`` and ``nodes`` (what acts
on them), ``components`` (stand-ins for installed software), ``apiserver`` (HTTPS), ``world`` (assembly).
"""
