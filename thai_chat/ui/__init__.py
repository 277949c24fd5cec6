"""The page: layout, handlers, and the files that run in the browser.

Importing it switches off what Gradio does by itself, before Gradio can be imported. This writes the environment for
a library, which knows no other way; it reads no setting.
"""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# Gradio counts every event and summarises the counts with pandas; once in 30 years is enough.
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
