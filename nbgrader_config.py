"""How nbgrader works in this course: every nbgrader command and button reads this file."""

import os
import sys
import warnings

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    IncludeHeaderFooter,
    LockCells,
)
from sqlalchemy.exc import SAWarning

from autograder.lesson import NEVER_RELEASED
from autograder.nbgrader.autograde import GradeSubmission, MendingExporter, SaveReport, find_every_submission
from autograder.nbgrader.beside import copy_files, existing_timestamp
from autograder.nbgrader.build_preprocessors import ExecuteSolution, ReproducibleNotebook
from autograder.nbgrader.feedback_page import LINEAR_FILTERS, FeedbackExporter, GetGradesSoFar

c = get_config()  # noqa: F821  (nbgrader hands it to this file)

# nbgrader 0.9 adds rows in an order that SQLAlchemy 2 remarks on, harmlessly, on every submission.
warnings.filterwarnings("ignore", category=SAWarning)

# nbgrader makes a new grade book by calling `alembic` by name, which fails halfway if the environment is not activated.
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])

# --- The course and its folders --------------------------------------------------------------------------------------
c.CourseDirectory.course_id = "transformer"
c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "assignments"
c.CourseDirectory.solution_directory = "solutions"
# What never leaves the source folder: the scripts hold the solutions.
c.CourseDirectory.ignore = list(NEVER_RELEASED)
if "NBGRADER_EXCHANGE_ROOT" in os.environ:
    c.Exchange.root = os.environ["NBGRADER_EXCHANGE_ROOT"]

# --- generate_assignment: source → assignments -----------------------------------------------------------------------
# assignments/ and solutions/ are built, never edited, so a second build replaces the first.
c.GenerateAssignment.force = True

# --- generate_solution: source → solutions ---------------------------------------------------------------------------
c.GenerateSolution.force = True
c.GenerateSolution.preprocessors = [
    IncludeHeaderFooter,
    LockCells,
    ClearOutput,
    ClearHiddenTests,  # each grade cell's last lines raise, so that nobody earns points without this configuration
    ClearMarkScheme,
    ExecuteSolution,
    ReproducibleNotebook,
]
c.ExecuteSolution.timeout = 300  # seconds for a cell; cells tagged capstone are not run

# --- autograde and generate_feedback ---------------------------------------------------------------------------------
# The engine: the submitted file is mended, run in the sandbox, judged by the hidden suite, and its points saved.
c.Autograde.exporter_class = MendingExporter
# nbgrader has no setting for these: no notebook is passed over, no link followed, and a wrong time stops nobody.
Autograde.init_notebooks = find_every_submission
BaseConverter.init_assignment = copy_files
CourseDirectory.get_existing_timestamp = existing_timestamp
c.GenerateFeedback.exporter_class = FeedbackExporter
c.GenerateFeedback.preprocessors = [GetGradesSoFar, CSSHTMLHeaderPreprocessor]
c.HTMLExporter.filters = LINEAR_FILTERS  # on formgrader's page
c.Autograde.sanitize_preprocessors = []
# Without CheckCellMetadata: what the cells say of themselves comes from the grade book.
c.Autograde.autograde_preprocessors = [GradeSubmission, SaveReport, AssignLatePenalties]
# The weakest isolation at which grading may start; `autograder doctor` shows what this machine has, SECURITY.md what the levels promise.
c.GradeSubmission.minimum_isolation = "B"
