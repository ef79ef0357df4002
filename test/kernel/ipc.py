"""Starts the kernel over IPC, with libzmq on the other side, and feels its heartbeat while a cell spins."""

import json
import time

from jupyter_client import KernelManager

manager = KernelManager(kernel_name="saelab", transport="ipc")
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
answer = client.execute_interactive("6 * 7", timeout=60, output_hook=lambda message: None)

spinning = client.execute("{ const end = Date.now() + 3000; while (Date.now() < end) {} }")
client.hb_channel.unpause()
beating = False
for _ in range(5):
    time.sleep(0.5)
    beating = beating or client.hb_channel.is_beating()
reply = client.get_shell_msg(timeout=60)
while reply["parent_header"]["msg_id"] != spinning:
    reply = client.get_shell_msg(timeout=60)

transport = manager.get_connection_info()["transport"]
client.stop_channels()
manager.shutdown_kernel()
print(json.dumps({"transport": transport, "status": answer["content"]["status"], "beating": beating}))
