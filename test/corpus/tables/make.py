"""Writes the tables of this folder: `python make.py` (needs pyarrow)."""

import pyarrow as pa
import pyarrow.parquet as pq

texts = ["Once upon a time", "é🙂 – “quoted”", None, "", "two\nlines"] + ["again and again"] * 45
rows = {"id": list(range(50)), "text": texts}
table = pa.table(rows, schema=pa.schema([("id", pa.int64()), ("text", pa.string())]))
large = table.cast(pa.schema([("id", pa.int64()), ("text", pa.large_string())]))

for name, options in {
    "snappy": {"compression": "snappy"},
    "plain": {"compression": "none", "use_dictionary": False, "data_page_version": "2.0"},
    "gzip": {"compression": "gzip"},
    "brotli": {"compression": "brotli"},
    "zstd": {"compression": "zstd"},
}.items():
    pq.write_table(table, f"{name}.parquet", row_group_size=20, **options)

with pa.OSFile("file.arrow", "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
    writer.write_table(table, max_chunksize=20)
with pa.OSFile("stream.arrow", "wb") as sink, pa.ipc.new_stream(sink, large.schema) as writer:
    writer.write_table(large, max_chunksize=20)
dictionary = pa.table({"text": table["text"].dictionary_encode()})
with pa.OSFile("dictionary.arrow", "wb") as sink, pa.ipc.new_stream(sink, dictionary.schema) as writer:
    writer.write_table(dictionary)
lz4 = pa.ipc.IpcWriteOptions(compression="lz4")
with pa.OSFile("lz4.arrow", "wb") as sink, pa.ipc.new_file(sink, table.schema, options=lz4) as writer:
    writer.write_table(table)
