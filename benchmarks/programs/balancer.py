"""A local load balancer in front of one pod.

``python -m benchmarks.programs.balancer POD_PORT`` prints its address and port and forwards until its stdin closes.
"""

from __future__ import annotations

import asyncio
import sys

from wavetank.twin.nodes.loadbalancer import LocalLoadBalancers, Target

PORT = 18480


async def forward(pod_port: int) -> None:
    balancers = LocalLoadBalancers()
    placement = balancers.ensure("default/bench", (PORT,))
    balancers.set_targets("default/bench", PORT, [Target("127.0.0.1", pod_port)])
    print(placement.address, placement.ports[PORT], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # the benchmark closes it, also when it dies
    balancers.close()


if __name__ == "__main__":
    asyncio.run(forward(int(sys.argv[1])))
