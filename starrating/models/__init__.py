from starrating.models.assessment import (
    Assessment,
    EvidenceFile,
    ItemNote,
    ReviewAssignment,
)
from starrating.models.cycle import Cycle
from starrating.models.marks import MarkedShop, MarkPaper, StagedMarks
from starrating.models.result import Award, Result
from starrating.models.scheme import Scheme

__all__ = [
    "Assessment",
    "Award",
    "Cycle",
    "EvidenceFile",
    "ItemNote",
    "MarkPaper",
    "MarkedShop",
    "Result",
    "ReviewAssignment",
    "Scheme",
    "StagedMarks",
]
