"""Runs the conformance suite of the Jupyter project against the installed kernel."""

import unittest

import jupyter_kernel_test


class SaelabKernelTests(jupyter_kernel_test.KernelTests):
    def execute_helper(self, *args, **options):
        """The suite gives a message a tenth of a second to come, which is little on a busy machine."""
        channel, get = self.kc.iopub_channel, self.kc.iopub_channel.get_msg
        channel.get_msg = lambda timeout: get(timeout=max(timeout, 15))
        try:
            return super().execute_helper(*args, **options)
        finally:
            channel.get_msg = get

    kernel_name = "saelab"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    completion_samples = [
        {"text": "Math.ma", "matches": {"max"}},
        {"text": "const aBigName = 1; aBig", "matches": {"aBigName"}},
    ]
    complete_code_samples = ["1", "const x = 1", "function f() {\n  return 1\n}", "await f()"]
    incomplete_code_samples = ["function f() {", "const x = [1,", "`open", "foo("]
    invalid_code_samples = ["const = 3", "x = )", "}"]
    code_generate_error = "throw new Error('wrong')"
    code_execute_result = [
        {"code": "1+2", "result": "3"},
        {"code": "[1, 2].map((x: number) => x * 2)", "result": "[ 2, 4 ]"},
        {
            "code": "({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>x</b>' }) })",
            "mime": "text/html",
            "result": "<b>x</b>",
        },
    ]
    code_display_data = [
        {
            "code": "display({ [Symbol.for('Jupyter.display')]: () => ({ 'image/png': new Uint8Array([1, 2]) }) })",
            "mime": "image/png",
        },
        {"code": "await display([{ a: 1 }])", "mime": "text/html"},
    ]
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "Math.max"
    code_clear_output = "clearOutput()"
    code_page_something = "page('a long text')"


class SaelabWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "saelab"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
