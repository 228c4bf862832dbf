"""Files as learning platforms document them, written by hand, and how a test hands one over."""

from __future__ import annotations

from grader.platforms.roster import apply, plan_import

UNIT = "02_gradient_descent"
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Unit 02 (77),Current Score\n"
    "    Points Possible,,,,,28.00,(read only)\n"
    '"Doe, Jane",4001,900,jdoe,Group A,,\n'
    '"Öztürk, Ämne",4002,901,aoz,"Group A, and B",,\n'
    '"Student, Test",4009,,test,Group A,,\n'
)
MOODLE = (
    'First name,Last name,ID number,Email address,Groups,"Assignment: Unit 02 (Real)"\n'
    "Jane,Doe,900,jane@example.org,Team 1,-\n"
    "Ämne,Öztürk,901,amne@example.org,Team 1,-\n"
)
WORKSHEET = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
    '"Participant 102","Jane Doe",jane@example.org,"Submitted for grading",,28.00,Yes,"Friday, 30 January 2026",-,\n'
    '"Participant 103","Ämne Öztürk",amne@example.org,"No submission",,28.00,Yes,-,-,\n'
)
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\t'
    '"02 Gradient descent [Total Pts: 28 Score] |123456"\n'
    '"Doe"\t"Jane"\t"jdoe"\t"900"\t"2026-01-30"\t"Yes"\t""\n'
    '"Öztürk"\t"Ämne"\t"aoz"\t"901"\t"2026-01-30"\t"Yes"\t""\n'
)
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,Email,"
    "02 gradient descent Points Grade <Numeric MaxPoints:28>,End-of-Line Indicator\n"
    "#900,#jdoe,Doe,Jane,jane@example.org,,#\n"
    "#901,#aoz,Öztürk,Ämne,amne@example.org,,#\n"
)
OWN = "student,first_name,last_name,email,section,group\njdoe,Jane,Doe,jane@example.org,A,\naoz,Ämne,Öztürk,,A,\n"


def written(folder, text, name="roster.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def imported(room, path):
    plan = plan_import(room, path)
    apply(room, plan)
    return plan
