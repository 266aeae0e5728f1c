## Payloads of Catena-X in and out

payloads = Catena-X payloads
payloads-body = Demands, capacity groups and comments as JSON, as CX-0128 has them. Partner numbers (BPNL) say which firm is meant; both firms need one.
payloads-demands = Demands
payloads-groups = Capacity groups
payloads-comments = Comments
payloads-export = Export for a partner
payloads-nobody = There is no partner yet whom a payload could be for.
payloads-objects = { $n ->
    [0] There is nothing of your firm's for this partner.
    [one] The message has one object.
   *[other] The message has { $n } objects.
}
payloads-no-number = { $firm } has no BPNL on record, and a message names both firms by it. The operator of the platform enters it: ask there.
payloads-not-for = This is not written for this partner: demands go to suppliers, capacity groups to customers.
payloads-save = Download the JSON
payloads-object = Object
payloads-left-out = Left out: the location has no BPNS number
payloads-import = Import a payload
payloads-import-body = One object, a list, or a message with its header. Each object is taken or refused by itself; importing it again changes nothing.
payloads-kind = What it holds
payloads-pasted = Or paste the JSON
payloads-do = Import
payloads-nothing = Choose a file or paste the JSON.
payloads-large = This is too large. Split it, or send it by API or command line.
payloads-field = { $path }: { $reason }
payloads-count = { $taken } taken, { $refused } refused.
payloads-further = { $n } further objects are not listed.
payloads-empty = There was no object in it.
payloads-said = Id, or why not
payloads-created = Created
payloads-replaced = Replaced
payloads-deleted = Deleted
payloads-refused = Refused
payloads-more = Import another one
payloads-answer = Answer a request for update
payloads-answer-body = A partner asks with an IdBasedRequestForUpdate for objects that it lacks. The message then has these alone.
payloads-answer-do = Show the message
