from django.urls import path

from starrating.views import awards, entry, review

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
    # Certificates.
    path("awards/<int:pk>/certificate/", awards.certificate, name="certificate"),
    path("cycles/<int:pk>/awards/", awards.awards, name="awards"),
    path("cycles/<int:pk>/certificates/", awards.print_all, name="print_certificates"),
]
