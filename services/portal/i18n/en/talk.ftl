## Talking about demand and capacity

talk = Comments
talk-count =
    { $n ->
        [one] One comment
       *[other] { $n } comments
    }
talk-about = Comments on { $what }
talk-body = Both firms read them. What was wrong can be deleted; then neither reads it any more.
talk-empty = Nobody has written a comment yet.
talk-text = Comment
talk-write = Write a comment
talk-write-body = The other firm reads it at once.
talk-send = Send
talk-kind = Kind
talk-plain = Plain
talk-information = Information
talk-warning = Warning
talk-action = Action required
talk-week = Which week it is about
talk-delete = Delete comment
talk-delete-body = It cannot be brought back; neither firm reads it any more.
