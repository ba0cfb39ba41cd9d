"""Loads the same lists with dlt: its REST source, into a file of SQLite. Called by compare.py.

Usage: dlt_load.py BASE_URL FILE LIST...
"""

import os
import sys

import dlt
from dlt.sources.rest_api import rest_api_source

base, file, lists = sys.argv[1], sys.argv[2], sys.argv[3:]
source = rest_api_source(
    {
        "client": {
            "base_url": base + "/",
            "headers": {"X-API-KEY": os.environ["ATERA_API_KEY"]},
            "paginator": {
                "type": "page_number",
                "base_page": 1,
                "page_param": "page",
                "total_path": "totalPages",
            },
        },
        "resource_defaults": {"endpoint": {"params": {"itemsInPage": 50}, "data_selector": "items"}},
        "resources": [{"name": name, "endpoint": {"path": name}} for name in lists],
    }
)
pipeline = dlt.pipeline(
    pipeline_name="comparison",
    pipelines_dir=file + ".pipelines",
    destination=dlt.destinations.sqlalchemy(f"sqlite:///{file}"),
    dataset_name="main",
)
print(pipeline.run(source, write_disposition="replace"))
