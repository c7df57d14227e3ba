from django.urls import path

from starrating.views import awards, entry, mark_papers, marks, review

app_name = "starrating"

urlpatterns = [
    # The owner's self-assessment.
    path("mine/", entry.mine, name="mine"),
    path("<int:pk>/fill/", entry.hub, name="fill"),
    path("<int:pk>/fill/<slug:code>/", entry.part, name="fill_part"),
    path("<int:pk>/attach/", entry.attach, name="attach"),
    path("<int:pk>/check/", entry.check, name="check"),
    path("<int:pk>/confirm/", entry.confirm, name="confirm"),
    path("<int:pk>/on-behalf/", entry.on_behalf, name="on_behalf"),
    path("evidence/<int:pk>/", entry.evidence, name="evidence"),
    path("evidence/<int:pk>/detach/", entry.detach, name="detach"),
    path("evidence/<int:pk>/restore/", entry.restore, name="restore"),
    # The reviewer's workspace.
    path("cycles/<int:pk>/review/", review.workspace, name="review"),
    path("cycles/<int:pk>/share-out/", review.share_out, name="share_out"),
    path("<int:pk>/decide/", review.decide, name="decide"),
    path("<int:pk>/assign/", review.assign, name="assign"),
    # Marks of the department and the public, bonus by hand.
    path("marks/", marks.home, name="marks_home"),
    path("marks/waiting/", mark_papers.waiting, name="marks_waiting"),
    path("marks/sheets/<int:pk>/", marks.preview, name="mark_sheet"),
    path("marks/sheets/<int:pk>/commit/", marks.commit, name="mark_sheet_commit"),
    path("marks/sheets/<int:pk>/discard/", marks.discard, name="mark_sheet_discard"),
    path("marks/sheets/<int:pk>/errors/", marks.errors, name="mark_sheet_errors"),
    path("marks/sheets/<int:pk>/file/", marks.staged_file, name="mark_sheet_file"),
    path("marks/papers/<int:pk>/", mark_papers.paper, name="mark_paper"),
    path("marks/papers/<int:pk>/enter/", mark_papers.go_on, name="mark_paper_enter"),
    path("marks/papers/<int:pk>/file/", mark_papers.paper_file, name="mark_paper_file"),
    path("marks/papers/<int:pk>/sheet/", mark_papers.paper_sheet, name="mark_paper_sheet"),
    path("marks/papers/<int:pk>/confirm/", mark_papers.confirm, name="mark_paper_confirm"),
    path("marks/papers/<int:pk>/undo/", mark_papers.undo, name="mark_paper_undo"),
    path("marks/lines/<int:pk>/undo/", mark_papers.undo_shop, name="mark_line_undo"),
    path("marks/cycles/<int:pk>/", marks.marking, name="marks"),
    path("marks/cycles/<int:pk>/blanks/", marks.blanks, name="mark_blanks"),
    path("marks/cycles/<int:pk>/template/", marks.template, name="mark_template"),
    path("marks/cycles/<int:pk>/upload/", marks.upload, name="mark_upload"),
    path("marks/cycles/<int:pk>/paper/", mark_papers.new_paper, name="mark_paper_new"),
    path("marks/shops/<int:pk>/", mark_papers.mark, name="mark"),
    # Certificates.
    path("awards/<int:pk>/certificate/", awards.certificate, name="certificate"),
    path("cycles/<int:pk>/awards/", awards.awards, name="awards"),
    path("cycles/<int:pk>/certificates/", awards.print_all, name="print_certificates"),
]
