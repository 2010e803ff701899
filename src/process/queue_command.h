/*
 * What `postrider queue` and store say to each other on the administrator's socket: MESSAGE_COMMAND with the
 *words "queue", a verb, and options as "name=value"; MESSAGE_OUTPUT with JSON, one object a line, in pieces
 *that end with a line's end. The last piece (`last`) has the exit code as status: 0; 64 unknown words, with a
 *sentence as its text; 66 nothing fits; 75 try again, with a sentence.
 *
 *	verb      answer
 *	list      a line for each message that fits, oldest first, at most `limit`
 *	show      the same, with everything that is known
 *	age       {"limits":[seconds],"total":ROW,"destinations":[ROW],"others":ROW?,"more"}, a ROW being
 *{"name","messages","ages":[one more than limits]}; cat: the message itself, no JSON; its last piece is
 *empty, or says why there is none pause, resume  {"changed":1}: of the destination `domain`, or of all;
 *status 66 with
 *{"changed":0}: it was so already
 *	stats
 *{"messages","bytes"?,"held","active","notifying","destinations","oldest","paused":[{"destination",
 *"since","by"?,"why"?}]?,"by_age":[5
 *numbers: younger than an hour, 4 hours, a day, 3 days, older]} retry     {"changed":N}: due now, whatever
 *the schedule says requeue   {"changed":N}: its recipients are
 *resolved anew, and due now hold      {"changed":N}: not tried until released release   {"changed":N} delete
 *{"changed":N}: out of the queue; with bounce=1 its sender is told route     {"changed":N}: `domain` or `id`
 *goes to `to` from now on
 *
 *	option    meaning; a message must fit all that are given, and every verb but list and stats needs one
 *	id        its id; may be given several times: any of them
 *	sender    its sender, without case; "@example.com": of that domain
 *	domain    a recipient's domain or the destination's name, without case
 *	older     seconds: it arrived at least so long ago
 *	error     a part of the last error of a recipient or destination, without case
 *	all       1: every message
 *	limit     list, show: how many at most
 *	by, why   actions: who did it (for log and trace), and why
 *	until     hold: seconds since 1970, when it is released by itself
 *	bounce    delete: 1 as above
 *	to        route: HOST[:PORT]; empty: by MX again
 *
 * A message (times in seconds since 1970, 0 or left out: none; "?" may be left out):
 *
 *	{"id","state":"waiting|active|held|notifying","sender","size","arrived","expires","priority",
 *	 "hold_until"?,"held_by"?,"held_why"?,"message_id"?,"submitter"?,
 *	 "recipients":[{"address","destination","state":"waiting|delivered|relayed|failed|expanded|local","attempts",
 *	                "last_attempt","next_attempt","status","cause"?,"reply","stage"?,"host","tls"}],
 *	 "destinations":[{"name","next_attempt","failures","failing_since","cause"?,"last_error","stage"?,"status","active",
 *	                  "route"?,"doing":"connect|look up"?,"doing_host"?,"doing_address"?,"doing_since"?,
 *	                  "paused":{as in stats}?}]}
 *
 * Without "cause" reply and last_error are a host's own words; with it this server found or decided it, and
 *they are its words.
 */
#ifndef PROCESS_QUEUE_COMMAND_H
#define PROCESS_QUEUE_COMMAND_H

enum { QUEUE_LIST_LIMIT = 1000 /* messages listed when nobody says how many */ };

#endif
