"""Records what ipywidgets and a front end say to each other; writes widget-frames.json.

    pip install ipywidgets==8.1.9 && python test/kernel/widget-frames.py > test/kernel/widget-frames.json
"""

import json

import comm
import ipywidgets
from comm.base_comm import BaseComm, CommManager
from traitlets import Any, Dict, Int, Unicode

sent = []


class RecordingComm(BaseComm):
    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        message = {"type": msg_type, "id": self.comm_id, "data": data or {}, **keys}
        if metadata:
            message["metadata"] = metadata
        message["buffers"] = [list(bytes(buffer)) for buffer in buffers or []]
        sent.append(json.loads(json.dumps(message, default=str)))


manager = CommManager()
comm.create_comm = lambda *args, **keys: RecordingComm(*args, **keys)
comm.get_comm_manager = lambda: manager


@ipywidgets.register
class Heatmap(ipywidgets.DOMWidget):
    _model_name = Unicode("HeatmapModel").tag(sync=True)
    _model_module = Unicode("@saelab/widgets").tag(sync=True)
    _model_module_version = Unicode("0.1.0").tag(sync=True)
    _view_name = Unicode("HeatmapView").tag(sync=True)
    _view_module = Unicode("@saelab/widgets").tag(sync=True)
    _view_module_version = Unicode("0.1.0").tag(sync=True)
    value = Int(3).tag(sync=True)
    page = Any(b"\x07").tag(sync=True)
    nested = Dict({"list": [1, b"\x08"]}).tag(sync=True)


def receive(widget_comm, data, buffers=()):
    message = {"content": {"data": data}, "buffers": [memoryview(bytes(b)) for b in buffers], "metadata": {}}
    widget_comm.handle_msg(message)


steps = {}


def record(name):
    steps[name] = sent[:]
    sent.clear()


heatmap = Heatmap()
record("open")
heatmap.value = 8
record("set")
receive(heatmap.comm, {"method": "update", "state": {"value": 4}, "buffer_paths": [["page"]]}, [b"\x05"])
record("update from the front end")
receive(heatmap.comm, {"method": "request_state"})
record("request_state")
heatmap.send({"hello": 1}, [b"\x02"])
record("custom")
control = RecordingComm(comm_id="control", target_name="jupyter.widget.control", primary=False)
ipywidgets.Widget.handle_control_comm_opened(control, {"metadata": {"version": "1.0.0"}, "content": {}})
sent.clear()
receive(control, {"method": "request_states"})
record("request_states")
heatmap.close()
record("close")

layout, model = (message["id"] for message in steps["open"])
text = json.dumps({"ipywidgets": ipywidgets.__version__, "steps": steps}, sort_keys=True)
print(text.replace(layout, "LAYOUT").replace(model, "MODEL"))
