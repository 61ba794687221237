"""A collection on a Milvus server, or in a file of Milvus Lite, through pymilvus; imported only when one is named."""
