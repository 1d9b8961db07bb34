"""What a voyage is about: a platform of ours, or Terraform and manifests that somebody else wrote.

A voyage is fed with files, never with a plan; a course is where these files come from and what this machine must
prepare for them.
"""

from .course import Course, Stage, Written
from .files import FilesCourse, SourceFiles, files_course
from .platform import PlatformCourse

__all__ = ["Course", "FilesCourse", "PlatformCourse", "SourceFiles", "Stage", "Written", "files_course"]
