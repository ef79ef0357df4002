"""Runs a small notebook through nbclient and prints what came of it."""

import json

import nbformat
from nbclient import NotebookClient

WIDGET = """
const names = { module: "@saelab/widgets", version: "0.1.0" };
globalThis[Symbol.for("Jupyter.widgets")].create({
  model: { ...names, name: "TestModel" }, view: { ...names, name: "TestView" }, state: { page: new Uint8Array(3) },
})
"""

cells = ["console.log('printed')", WIDGET, "throw new Error('expected')"]
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
NotebookClient(notebook, kernel_name="saelab", allow_errors=True, timeout=30).execute()

state = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
print(
    json.dumps(
        {
            "outputs": [[output.output_type for output in cell.outputs] for cell in notebook.cells],
            "widgets": sorted(model["model_name"] for model in state.values()),
        }
    )
)
