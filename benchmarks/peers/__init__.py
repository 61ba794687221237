"""Other ways to search sparse vectors, to be measured beside the collection; each is used only where it is installed.

One file a program; what all of them look like is in `peer.py`. To add one, write its class and name it here.
"""

from benchmarks.peers.dense import Faiss
from benchmarks.peers.matrix import Scipy
from benchmarks.peers.milvus import MilvusLite
from benchmarks.peers.peer import Peer
from benchmarks.peers.pisa import Pisa
from benchmarks.peers.qdrant import Qdrant
from benchmarks.peers.seismic import Seismic, SeismicCompressed

PEERS: dict[str, type[Peer]] = {
    peer.name: peer for peer in (Seismic, SeismicCompressed, Pisa, Scipy, Faiss, Qdrant, MilvusLite)
}
