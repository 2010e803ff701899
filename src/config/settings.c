/* The settings table, and the values that it describes. */
#include "config/settings_table.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"

/* clang-format off */
const struct setting settings_table[] = {
#define AT(member) offsetof(struct settings, member)
    {"hostname", TEXT, AT(hostname), "localhost", 0, 0,
	"The name by which other servers know this host: in greetings, in Received fields, in certificates.",
	.form = FORM_HOST_NAME, .example = "mail.example.org"},
    {"data", TEXT, AT(data), "/var/lib/postrider", 0, 0,
	"The folder that holds all mail. Each server needs one of its own.",
	.form = FORM_FOLDER, .effect = EFFECT_RESTART},
    {"run", TEXT, AT(run), "/run/postrider", 0, 0, "The folder for the administrator's sockets.",
	.form = FORM_FOLDER, .effect = EFFECT_RESTART},
    {"smtp_listen", LIST, AT(smtp_listen), "0.0.0.0:25\n[::]:25", 0, 0,
	"Addresses and ports at which other servers deliver mail (RFC 5321).",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART},
    {"submission_listen", LIST, AT(submission_listen), "0.0.0.0:587\n[::]:587", 0, 0,
	"Addresses and ports at which users submit mail, with STARTTLS (RFC 6409).",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART},
    {"submissions_listen", LIST, AT(submissions_listen), "0.0.0.0:465\n[::]:465", 0, 0,
	"Addresses and ports at which users submit mail, with TLS from the first byte (RFC 8314).",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART},
    {"lmtp_listen", LIST, AT(lmtp_listen), "", 0, 0,
	"Addresses and ports at which other software on trusted hosts delivers mail (RFC 2033).",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART, .example = "127.0.0.1:24"},
    {"pop3_listen", LIST, AT(pop3_listen), "0.0.0.0:110\n[::]:110", 0, 0,
	"Addresses and ports at which users fetch mail by POP3, with STLS (RFC 1939).",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART},
    {"pop3s_listen", LIST, AT(pop3s_listen), "0.0.0.0:995\n[::]:995", 0, 0,
	"Addresses and ports at which users fetch mail by POP3, with TLS from the first byte.",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART},
    {"imap_listen", LIST, AT(imap_listen), "0.0.0.0:143\n[::]:143", 0, 0,
	"Addresses and ports at which users read mail by IMAP, with STARTTLS (RFC 9051).",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART},
    {"imaps_listen", LIST, AT(imaps_listen), "0.0.0.0:993\n[::]:993", 0, 0,
	"Addresses and ports at which users read mail by IMAP, with TLS from the first byte.",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART},
    {"managesieve_listen", LIST, AT(managesieve_listen), "0.0.0.0:4190\n[::]:4190", 0, 0,
	"Addresses and ports at which users edit their Sieve scripts, with STARTTLS (RFC 5804).",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART},
    {"http_listen", LIST, AT(http_listen), "0.0.0.0:80\n[::]:80", 0, 0,
	"Addresses and ports at which browsers are sent on to HTTPS, and at which HTTP proxies that you trust may "
	"hand requests over.",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART},
    {"https_listen", LIST, AT(https_listen), "0.0.0.0:443\n[::]:443", 0, 0,
	"Addresses and ports at which browsers and JMAP programs reach mail, by HTTP/1.1 and HTTP/2 with TLS (RFC 8620).",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART},
    {"metrics_listen", LIST, AT(metrics_listen), "", 0, 0,
	"Addresses and ports of this machine alone, at which Prometheus and its like are told figures of the server, at "
	"/metrics, by HTTP and without a login (OpenMetrics).",
	.form = FORM_LISTEN, .effect = EFFECT_RESTART, .example = "127.0.0.1:9825"},
    {"tls_certificates", LIST, AT(tls_certificates), "", 0, 0,
	"Certificate chains: PEM files, each of which begins with the server's own certificate. A client "
	"that names no host gets the first chain.",
	.form = FORM_FILE, .example = "/etc/postrider/mail.pem"},
    {"tls_keys", LIST, AT(tls_keys), "", 0, 0,
	"The private keys of these certificates: PEM files, in the same order. Only their owner should be "
	"able to read them.",
	.form = FORM_FILE, .example = "/etc/postrider/mail.key"},
    {"proxy_from", LIST, AT(proxy_from), "", 0, 0,
	"Networks of your proxies. Each connection from there must begin with a PROXY header (version 1 "
	"or 2), which is believed.",
	.form = FORM_NETWORK, .example = "192.0.2.10"},
    {"xclient_from", LIST, AT(xclient_from), "", 0, 0,
	"Networks of your proxies that may name the client they speak for by XCLIENT.",
	.form = FORM_NETWORK, .example = "192.0.2.0/24"},
    {"trusted_proxies", LIST, AT(trusted_proxies), "", 0, 0,
	"Networks of your HTTP proxies. What X-Forwarded-For and X-Forwarded-Proto say there is believed: a request that "
	"reached the proxy by HTTPS is served in clear text. A proxy must set both fields itself, whatever its client "
	"sent.",
	.form = FORM_NETWORK, .example = "127.0.0.1"},
    {"trusted_networks", LIST, AT(trusted_networks), "127.0.0.0/8\n::1/128", 0, 0,
	"Networks to which the limits on connections and messages do not apply. Being listed here does "
	"not allow relaying.",
	.form = FORM_NETWORK},
    {"login_mechanisms", LIST, AT(login_mechanisms), "PLAIN\nLOGIN", 0, 0,
	"The SASL mechanisms that are announced to clients. The server accepts all of SCRAM-SHA-256-PLUS, "
	"SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN and LOGIN, announced or not. Those "
	"other than PLAIN and LOGIN work with app passwords only (SCRAM also with a main password that "
	"was set for it, see allow_main_password_scram), and many programs choose the strongest mechanism "
	"that is announced: announce them only if everybody has an app password.",
	.form = FORM_MECHANISM},
    {"dns_server", TEXT, AT(dns_server), "", 0, 0,
	"The name server to ask, as ADDRESS or ADDRESS@PORT. Empty: the name servers in /etc/resolv.conf.",
	.form = FORM_NAME_SERVER, .effect = EFFECT_RESTART, .example = "127.0.0.1"},
    {"dns_anchors", LIST, AT(dns_anchors), "", 0, 0,
	"DNSSEC trust anchors: DS or DNSKEY records, or \"file:PATH\" for a file that holds them. DANE "
	"needs the anchor of the root (\"file:/usr/share/dns/root.key\", from Debian's package "
	"dns-root-data), and a name server that passes DNSSEC records on.",
	.form = FORM_ANCHOR, .effect = EFFECT_RESTART, .example = "file:/usr/share/dns/root.key"},
    {"dns_stubs", LIST, AT(dns_stubs), "", 0, 0,
	"Zones with name servers of their own, as \"ZONE ADDRESS\" or \"ZONE ADDRESS@PORT\". With \" "
	"insecure\" at the end, answers from there need not be signed.",
	.form = FORM_STUB, .effect = EFFECT_RESTART, .example = "example.org 192.0.2.53"},
    {"dns_watch", FLAG, AT(dns_watch), "true", 0, 1,
	"Look once a day at the DNS records that mail for the local domains should have, and tell the postmaster of "
	"each what has changed. The first look is only logged."},
    {"dns_updates", LIST, AT(dns_updates), "", 0, 0,
	"Zones that `postrider dns update` may change (RFC 2136), as \"ZONE ADDRESS KEY\" or \"ZONE ADDRESS@PORT "
	"KEY\": the primary name server, and the file of the key (TSIG) that the server knows. Only its owner should "
	"be able to read it.",
	.form = FORM_UPDATE, .effect = EFFECT_COMMAND, .example = "example.org 192.0.2.53 /etc/postrider/example.org.key"},
    {"bimi", LIST, AT(bimi), "", 0, 0,
	"Pictures that mail programs may show beside a domain's mail, as \"DOMAIN URL\" or \"DOMAIN URL URL\": an SVG "
	"file, and the certificate for it. `postrider dns` makes the record of it.",
	.form = FORM_BIMI, .effect = EFFECT_COMMAND, .example = "example.org https://example.org/logo.svg"},
    {"relay_source", LIST, AT(relay_source), "", 0, 0,
	"The addresses from which mail is sent: at most one IPv4 and one IPv6 address. Empty: the system "
	"chooses.",
	.form = FORM_ADDRESS, .example = "192.0.2.1"},
    {"relay_networks", LIST, AT(relay_networks), "", 0, 0,
	"Your own networks to which mail may be sent when MX records lead there. Set this only if you run "
	"mail hosts in such a network: without it, addresses that are not on the public internet "
	"(loopback, private, link-local and others) are reached only by a route.",
	.form = FORM_NETWORK, .example = "10.0.0.0/8"},
    {"relay_port", NUMBER, AT(relay_port), "25", 1, 65535,
	"The port to which mail is sent on the hosts that MX records name.",
	.unit = "port"},
    {"routes", LIST, AT(routes), "", 0, 0,
	"Where mail for a domain goes instead of to the hosts in its MX records, as \"DOMAIN "
	"KIND:HOST[:PORT] [OPTION...]\". DOMAIN may be \"*\" for all other domains, or begin with a dot "
	"for all domains below it. KIND is smtp, smtps (TLS from the first byte) or lmtp (HOST may be the "
	"path of a socket). Options: tls=none|may|encrypt|verify, user=NAME, password_file=PATH.",
	.form = FORM_ROUTE, .example = "* smtp:smarthost.example.net:587 tls=verify user=me@example.net password_file=/etc/postrider/smarthost.password"},
    {"relay_domains", LIST, AT(relay_domains), "", 0, 0,
	"Domains for which this host is a backup MX: it takes mail for them from anybody and carries it "
	"to the hosts that their MX records prefer. As \"DOMAIN\", or as \"DOMAIN FILE\" where FILE lists "
	"the recipients that exist, one per line.",
	.form = FORM_RELAY_DOMAIN, .example = "example.net /etc/postrider/example.net.recipients"},
    {"tls_policies", LIST, AT(tls_policies), "", 0, 0,
	"The TLS that a domain's hosts must offer, whatever DANE and MTA-STS say, as \"DOMAIN "
	"none|may|encrypt|verify\".",
	.form = FORM_TLS_POLICY, .example = "bank.example verify"},
    {"ca_file", TEXT, AT(ca_file), "/etc/ssl/certs/ca-certificates.crt", 0, 0,
	"The certification authorities that are trusted for MTA-STS and for routes with tls=verify: a PEM "
	"file.",
	.form = FORM_FILE},
    {"smime_anchors", TEXT, AT(smime_anchors), "", 0, 0,
	"The authorities that are trusted to say whose an S/MIME certificate is: a PEM file. JMAP then tells "
	"of signed mail whether its signature holds (RFC 9219). Empty: signatures are not looked at.",
	.form = FORM_FILE, .example = "/etc/postrider/signers.pem"},
    {"mta_sts", FLAG, AT(mta_sts), "true", 0, 1,
	"Fetch and obey the MTA-STS policies of other domains (RFC 8461)."},
    {"https_port", NUMBER, AT(https_port), "443", 1, 65535,
	"The port at which MTA-STS policies are fetched and TLS reports are handed over (HTTPS).",
	.unit = "port"},
    {"queue_retry_min", NUMBER, AT(queue_retry_min), "300", 1, 86400,
	"Seconds between a failed attempt to deliver and the second one. Each further wait is longer.",
	.unit = "seconds"},
    {"queue_retry_max", NUMBER, AT(queue_retry_max), "14400", 1, 864000,
	"The longest wait between two attempts, in seconds.",
	.unit = "seconds"},
    {"queue_warn_hours", NUMBER, AT(queue_warn_hours), "4", 0, 1000,
	"Hours after which the sender is told that a message still waits. 0: never.",
	.unit = "hours"},
    {"queue_give_up_days", NUMBER, AT(queue_give_up_days), "5", 1, 100,
	"Days after which a message that could not be delivered is returned to its sender.",
	.unit = "days"},
    {"hold_max", NUMBER, AT(hold_max), "2592000", 0, 31536000,
	"How many seconds ahead a user may schedule a message (FUTURERELEASE, RFC 4865). 0: not at all.",
	.unit = "seconds"},
    {"relay_connections", NUMBER, AT(relay_connections), "1000", 1, 100000,
	"The largest number of connections to other hosts at one time.",
	.unit = "connections"},
    {"destination_connections", NUMBER, AT(destination_connections), "20", 1, 10000,
	"The largest number of connections to one address (IPv6: to one /64). The server begins with few, "
	"and opens more while deliveries succeed.",
	.unit = "connections"},
    {"destination_rate", NUMBER, AT(destination_rate), "0", 0, 10000000,
	"The largest number of messages per minute to one destination. 0: no limit.",
	.unit = "messages per minute"},
    {"sender_domain_rate", NUMBER, AT(sender_domain_rate), "0", 0, 10000000,
	"The largest number of messages per minute from one sender domain to other hosts. 0: no limit.",
	.unit = "messages per minute"},
    {"trace_days", NUMBER, AT(trace_days), "30", 1, 3650,
	"Days for which `postrider trace` can tell what became of a message.",
	.unit = "days"},
    {"reports", FLAG, AT(reports), "true", 0, 1,
	"Report to other domains, daily, what mail came here in their name (DMARC aggregate reports, RFC 9990), and how "
	"mail to them was encrypted (TLS reports, RFC 8460), if they ask for it."},
    {"failure_reports", FLAG, AT(failure_reports), "false", 0, 1,
	"Report single messages to the domains that they name as their author and that could not prove them, if these "
	"domains ask for it (DMARC failure reports, RFC 9991). Such a report tells the header of a message without names, "
	"subject and recipients, and with local parts replaced; still it tells more about your users than other reports. "
	"Alike failures are told once an hour, and a domain gets ten reports in an hour at most."},
    {"report_org", TEXT, AT(report_org), "", 0, 0,
	"The name of your organization in reports. Empty: the hostname.",
	.example = "Example Organization"},
    {"report_from", TEXT, AT(report_from), "", 0, 0,
	"The address from which reports are sent, and to which questions about them go: one in a domain of yours, which "
	"signs them. Empty: postmaster at the hostname.",
	.form = FORM_MAIL_ADDRESS, .example = "reports@example.org"},
    {"report_addresses", LIST, AT(report_addresses), "", 0, 0,
	"Addresses to which others send their reports about your domains, as your records name them (rua, ruf). Mail to "
	"them is delivered as usual, and the reports in it are read and kept for `postrider report`. It is not "
	"reported on itself: two servers would go on for ever.",
	.form = FORM_MAIL_ADDRESS, .example = "dmarc@example.org"},
    {"message_size_max", SIZE, AT(message_size_max), "64M", 1 << 16, UINT64_C(1) << 40,
	"The largest message that is accepted, in bytes."},
    {"upload_size_max", SIZE, AT(upload_size_max), "250M", 1 << 20, UINT64_C(1) << 40,
	"The largest file that is taken by HTTP, before it becomes a part of a message."},
    {"recipients_max", NUMBER, AT(recipients_max), "100", 100, 1000,
	"The largest number of recipients of one message from another server. RFC 5321 demands at least "
	"100; for the rest, a client sends the message again. Users may always name 1000.",
	.unit = "recipients"},
    {"received_max", NUMBER, AT(received_max), "100", 10, 1000,
	"A message with more Received fields than this is in a loop, and is refused.",
	.unit = "fields"},
    {"connections_max", NUMBER, AT(connections_max), "10000", 10, 1000000,
	"The largest number of connections of one role (smtp, pop3, imap, managesieve, web) at one time.",
	.unit = "connections"},
    {"connections_per_address", NUMBER, AT(connections_per_address), "50", 1, 1000000,
	"The largest number of connections from one address (IPv6: from one /64) at one time.",
	.unit = "connections"},
    {"connection_rate", NUMBER, AT(connection_rate), "300", 1, 1000000,
	"The largest number of new connections per minute from one address.",
	.unit = "connections per minute"},
    {"messages_rate", NUMBER, AT(messages_rate), "1000", 1, 10000000,
	"The largest number of messages per minute from one address.",
	.unit = "messages per minute"},
    {"errors_max", NUMBER, AT(errors_max), "20", 3, 1000,
	"Protocol errors after which a connection is closed.",
	.unit = "errors"},
    {"greeting_delay_ms", NUMBER, AT(greeting_delay_ms), "0", 0, 10000,
	"Milliseconds for which the greeting on port 25 is held back. A client that speaks before it is "
	"refused.",
	.unit = "milliseconds"},
    {"data_rate_min", NUMBER, AT(data_rate_min), "100", 0, 1000000,
	"A client that sends a message more slowly than this many bytes per second, averaged over five "
	"minutes, is disconnected. 0: no limit.",
	.unit = "bytes per second"},
    {"timeout_command", NUMBER, AT(timeout_command), "300", 5, 3600,
	"Seconds that an SMTP client may take for its next command. RFC 5321 asks for 300.",
	.unit = "seconds"},
    {"timeout_data", NUMBER, AT(timeout_data), "180", 5, 3600,
	"Seconds that a client may pause within a message. RFC 5321 asks for 180.",
	.unit = "seconds"},
    {"pop3_idle", NUMBER, AT(pop3_idle), "600", 5, 3600,
	"Seconds after which an idle POP3 session ends. RFC 1939 asks for 600.",
	.unit = "seconds"},
    {"imap_message_limit", NUMBER, AT(imap_message_limit), "0", 0, 1000000000,
	"The largest number of messages that one IMAP command works on (MESSAGELIMIT, RFC 9738): 1000 or "
	"more. 0: no limit.",
	.unit = "messages"},
    {"imap_save_limit", NUMBER, AT(imap_save_limit), "0", 0, 1000000000,
	"The same for the commands that bring messages into a mailbox, COPY and APPEND, alone (SAVELIMIT): 1000 or "
	"more. 0: no limit but imap_message_limit.",
	.unit = "messages"},
    {"disk_reserve", SIZE, AT(disk_reserve), "256M", 1 << 20, UINT64_C(1) << 40,
	"While less disk space than this is free, new mail is refused with a temporary error. Everything "
	"that frees space still works.",
	.effect = EFFECT_RESTART},
    {"undelete_days", NUMBER, AT(undelete_days), "14", 0, 3650,
	"Days for which deleted mail can be brought back with `postrider mailbox undelete`, and accounts and "
	"domains that were removed with `postrider account restore` and `postrider domain restore`.",
	.unit = "days"},
    {"masked_addresses", NUMBER, AT(masked_addresses), "200", 0, 1000,
	"Masked addresses that each account may have: addresses at its own domain that a user makes for "
	"himself with the webmail, and turns off again. 0: none.",
	.unit = "addresses"},
    {"masked_domains", LIST, AT(masked_domains), "", 0, 0,
	"The same for the accounts of single domains, in place of masked_addresses, as \"DOMAIN NUMBER\": \"example.org 0\" "
	"for a domain where nobody shall make any.",
	.form = FORM_MASKED_DOMAIN, .example = "example.org 50"},
    {"file_link_days", NUMBER, AT(file_link_days), "30", 0, 365,
	"Days for which a file behind a link is kept at most: a file too large for mail, which its user sends as a link "
	"that anybody who has it can open. 0: no such links are made; those that there are end when their time is over.",
	.unit = "days"},
    {"file_link_space", SIZE, AT(file_link_space), "2G", 1 << 20, UINT64_C(1) << 40,
	"What the files behind links of one account may take together, apart from its quota. upload_size_max limits each."},
    {"people_seen", TEXT, AT(people_seen), "domain", 0, 0,
	"Whom somebody with an account sees when looking for whom to share a mailbox with: \"domain\": the people and "
	"groups of the same domain; \"groups\": only the groups that the account is in, and who is in them; \"nobody\". "
	"Whoever shares something is seen by those who got it. Choose \"groups\" or \"nobody\" where the people of a domain "
	"do not know each other.",
	.form = FORM_PEOPLE_SEEN},
    {"search_index", FLAG, AT(search_index), "true", 0, 1,
	"Keep an index of all mail for searches. Without it each search reads all messages.",
	.effect = EFFECT_RESTART},
    {"quota_default", SIZE, AT(quota_default), "0", 0, UINT64_C(1) << 50,
	"The quota, in bytes, of accounts that have none of their own. 0: no limit."},
    {"quota_messages_default", NUMBER, AT(quota_messages_default), "0", 0, 1000000000,
	"How many messages an account may hold that has no such limit of its own. 0: no limit.",
	.unit = "messages"},
    {"quota_warning", NUMBER, AT(quota_warning), "90", 0, 100,
	"When an account has used so many percent of its quota, it gets a message that says so: once, until it has "
	"been below 80 percent. 0: never.",
	.unit = "percent"},
    {"require_tls_login", FLAG, AT(require_tls_login), "true", 0, 1,
	"Refuse passwords on connections without TLS, except from this machine."},
    {"tls_cbc", FLAG, AT(tls_cbc), "false", 0, 1,
	"Also allow CBC ciphers with TLS 1.2, for mail programs that know nothing better."},
    {"allow_main_password_scram", FLAG, AT(allow_main_password_scram), "false", 0, 1,
	"Allow SCRAM with the main password of accounts that ask for it (`account password --scram`). A "
	"stolen SCRAM verifier is easier to attack than an Argon2id hash."},
    {"language", TEXT, AT(language), "en", 0, 0,
	"The language of the names of new accounts' mailboxes for sent mail, drafts and so on, such as \"de\" or "
	"\"ja\". One that is not known is English. IMAP's texts are in it (de, es, fr) for a program that asks for "
	"the default one (RFC 5255).",
	.form = FORM_LANGUAGE},
    {"own_from", TEXT, AT(own_from), "refuse", 0, 0,
	"What happens to a user's message whose From field names an address in a local domain that is not "
	"the user's own. \"refuse\": the message is refused. \"sender\": a Sender field names the user. "
	"\"off\": From is not checked.",
	.form = FORM_FROM_CHECK},
    {"foreign_from", TEXT, AT(foreign_from), "sender", 0, 0,
	"What happens to a user's message whose From field names an address in another domain: "
	"\"refuse\", \"sender\" or \"off\", as for own_from. If only one of the two is \"off\", a Sender "
	"field may be added all the same.",
	.form = FORM_FROM_CHECK},
    {"local_senders", LIST, AT(local_senders), "root", 0, 0,
	"The users of this machine that may send mail with `postrider sendmail`, which is also what cron and scripts call as "
	"sendmail: names, numbers, or \"*\" for all. They may write with any sender, so list only users whose programs nobody "
	"can take over: a website's user would let everybody who breaks into the website send in your name.",
	.form = FORM_LOCAL_USER, .example = "backup"},
    {"received_login", FLAG, AT(received_login), "false", 0, 1,
	"Name the account that logged in, in the Received field of a user's message. Every recipient can "
	"read it."},
    {"sender_null_mx", FLAG, AT(sender_null_mx), "true", 0, 1,
	"Refuse a sender whose domain declares by a null MX (RFC 7505) that it accepts no mail."},
    {"sender_check", FLAG, AT(sender_check), "true", 0, 1,
	"Check who has sent the mail that other servers bring: SPF, DKIM, DMARC, the client's name. What is found "
	"is written into the field Authentication-Results. Clients in trusted_networks are not checked."},
    {"sender_check_memory", SIZE, AT(sender_check_memory), "256M", 1 << 16, UINT64_C(1) << 40,
	"The memory that such checks may take together, in bytes: some 50 K for each message that is under way, 3 M "
	"for one that is made to be large. Beyond it clients are told to come again later."},
    {"dmarc_policy", TEXT, AT(dmarc_policy), "follow", 0, 0,
	"What happens to mail that is not proven to be from the domain in its From field, where that domain has "
	"published a policy (RFC 9989). \"follow\" refuses it where the policy is reject, and puts it into Junk "
	"where it is quarantine; \"mark\" puts it into Junk in both cases; \"off\" delivers it as other mail. While "
	"a look-up fails that may prove it, it is refused for now only.",
	.form = FORM_POLICY},
    {"dmarc_exceptions", LIST, AT(dmarc_exceptions), "", 0, 0,
	"Other values of dmarc_policy for mail from a domain, as \"from DOMAIN follow|mark|off\", or for mail to "
	"one of your domains, as \"to DOMAIN follow|mark|off\". DOMAIN may be .example.org, for all below it. "
	"Where both kinds fit, the one for the sender counts.",
	.form = FORM_EXCEPTION, .example = "from example.net mark"},
    {"arc_trusted", LIST, AT(arc_trusted), "", 0, 0,
	"Domains of mailing lists and forwarders whose seals are believed (ARC, RFC 8617), as they sign (d=). What "
	"they found genuine is delivered, although the changes that they made break the signatures. Every server "
	"that has sealed the message since must be listed too.",
	.form = FORM_DOMAIN, .example = "lists.example.net"},
    {"list_exceptions", FLAG, AT(list_exceptions), "true", 0, 1,
	"Deliver what a mailing list has changed, against its author's policy, to those who read that list: whom it "
	"has brought proven mail on five days within at least two weeks, signed by the list's domain, and none that "
	"they put into Junk."},
    {"own_domains", TEXT, AT(own_domains), "refuse", 0, 0,
	"What happens to mail from another server that says that it is from one of your domains, in From or as "
	"its sender, and is not proven to be: by SPF, DKIM, or a trusted seal. \"refuse\", \"mark\" (into Junk) "
	"or \"off\". Your users are not concerned, for they log in; hosts of yours that cannot log in belong "
	"into the SPF record or into trusted_networks.",
	.form = FORM_OWN_DOMAINS},
    {"dkim_sign", FLAG, AT(dkim_sign), "true", 0, 1,
	"Sign the mail that leaves this server from its domains (DKIM, RFC 6376), and seal what it forwards (ARC, "
	"RFC 8617). Each domain gets its keys by itself."},
    {"dkim_rotation_days", NUMBER, AT(dkim_rotation_days), "180", 0, 3650,
	"A key that has signed for so many days gets a successor, which signs when the name servers show its "
	"record. 0: never.",
	.unit = "days"},
    {"backup_mark", TEXT, AT(backup_mark), "", 0, 0,
	"A file that your backup touches when it is done. `postrider doctor` says how old it is, and that it is too old "
	"after two days.",
	.form = FORM_FILE, .effect = EFFECT_COMMAND, .example = "/var/backups/postrider.done"},
    {"crash_stop", FLAG, AT(crash_stop), "false", 0, 1,
	"When a role crashes, stop the server instead of restarting the role. For tests."},
    {"log_level", NUMBER, AT(log_level), "1", 0, 3,
	"The least severe lines that are logged: 0 debug, 1 info, 2 warning, 3 error.",
	.unit = "level"},
    {"drain_seconds", NUMBER, AT(drain_seconds), "10", 0, 3600,
	"Seconds for which running sessions may go on when the server stops.",
	.unit = "seconds"},
    {"upgrade_seconds", NUMBER, AT(upgrade_seconds), "3600", 0, 86400,
	"Seconds for which sessions that began before an upgrade may go on beside the new program; then as when "
	"the server stops.",
	.unit = "seconds"},
#undef AT
};
/* clang-format on */
const size_t settings_count = sizeof settings_table / sizeof settings_table[0];

/* ---- values ---- */

const struct setting *setting_find(struct view name)
{
	for (size_t i = 0; i < settings_count; i++)
		if (view_equal(name, view_from_string(settings_table[i].name)))
			return &settings_table[i];
	return NULL;
}

bool setting_is_text(const struct setting *row)
{
	return row->kind == TEXT || row->kind == LIST;
}

struct view *setting_text_of(struct settings *s, const struct setting *row)
{
	return (void *)((char *)s + row->offset);
}

uint64_t *setting_number_of(struct settings *s, const struct setting *row)
{
	return (void *)((char *)s + row->offset);
}

static bool parse_flag(struct view v, uint64_t *value)
{
	*value = view_equal(v, VIEW("true")) || view_equal(v, VIEW("yes")) || view_equal(v, VIEW("on"));
	return *value || view_equal(v, VIEW("false")) || view_equal(v, VIEW("no")) ||
	       view_equal(v, VIEW("off"));
}

bool setting_parse_number(const struct setting *row, struct view v, uint64_t *n)
{
	uint64_t value = 0;
	bool good = row->kind == FLAG   ? parse_flag(v, &value)
	            : row->kind == SIZE ? view_to_size(v, &value)
	                                : view_to_u64(v, UINT64_MAX, &value);
	if (!good || value < row->min || value > row->max)
		return false;
	*n = value;
	return true;
}

void setting_set_text(struct settings *s, const struct setting *row, struct view v)
{
	size_t at = buf_view(&s->text).len;
	buf_append(&s->text, v);
	*setting_text_of(s, row) = view_of((const char *)(uintptr_t)at, v.len);
}

void settings_settle(struct settings *s)
{
	for (size_t i = 0; i < settings_count; i++) {
		if (!setting_is_text(&settings_table[i]))
			continue;
		struct view *v = setting_text_of(s, &settings_table[i]);
		*v = view_take(view_skip(buf_view(&s->text), (uintptr_t)v->data), v->len);
	}
}

void setting_set_default(struct settings *s, const struct setting *row)
{
	if (setting_is_text(row))
		setting_set_text(s, row, view_from_string(row->value));
	else
		setting_parse_number(row, view_from_string(row->value), setting_number_of(s, row));
}

void settings_init(struct settings *s)
{
	*s = (struct settings){0};
	buf_init(&s->text, SETTINGS_TEXT_MAX);
	for (size_t i = 0; i < settings_count; i++)
		setting_set_default(s, &settings_table[i]);
	settings_settle(s);
}

void settings_done(struct settings *s)
{
	buf_done(&s->text);
	*s = (struct settings){0};
}

/* ---- to and from the roles ---- */

int settings_encode(const struct settings *s, struct buf *out)
{
	for (size_t i = 0; i < settings_count; i++) {
		const char *member = (const char *)s + settings_table[i].offset;
		if (!setting_is_text(&settings_table[i])) {
			buf_append_u64(out, *(const uint64_t *)(const void *)member);
			continue;
		}
		const struct view *v = (const void *)member;
		buf_append_u32(out, (uint32_t)v->len);
		buf_append(out, *v);
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}

int settings_decode(struct settings *s, struct view encoded)
{
	struct settings fresh = {0};
	struct cursor c = cursor_on(encoded);
	buf_init(&fresh.text, SETTINGS_TEXT_MAX);
	for (size_t i = 0; i < settings_count; i++) {
		if (setting_is_text(&settings_table[i]))
			setting_set_text(&fresh, &settings_table[i], cursor_bytes(&c, cursor_u32(&c)));
		else
			*setting_number_of(&fresh, &settings_table[i]) = cursor_u64(&c);
	}
	if (!cursor_ok(&c) || !cursor_at_end(&c)) {
		settings_done(&fresh);
		return -EBADMSG;
	}
	settings_settle(&fresh);
	settings_done(s);
	*s = fresh;
	return 0;
}

bool setting_tell(const struct settings *s, size_t place, struct setting_told *out)
{
	if (place >= settings_count)
		return false;
	const struct setting *row = &settings_table[place];
	const char *member = (const char *)s + row->offset;
	*out = (struct setting_told){.name = row->name,
	    .meaning = row->text,
	    .unit = row->unit           ? row->unit
	            : row->kind == SIZE ? "bytes"
	                                : "",
	    .kind = (enum setting_kind)row->kind,
	    .effect = row->effect,
	    .min = row->min,
	    .max = row->max};
	if (setting_is_text(row))
		out->text = *(const struct view *)(const void *)member;
	else
		out->number = *(const uint64_t *)(const void *)member;
	return true;
}

void settings_changed(
    const struct settings *a, const struct settings *b, enum setting_effect effect, struct buf *names)
{
	struct setting_told one, other;
	for (size_t i = 0; setting_tell(a, i, &one) && setting_tell(b, i, &other); i++)
		if (one.effect == effect && (one.number != other.number || !view_equal(one.text, other.text)))
			buf_printf(names, "%s%s", buf_view(names).len ? ", " : "", one.name);
}
