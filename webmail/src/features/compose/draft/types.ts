/** What the parts of compose speak of. Nothing here knows the screen or the network. */

export interface Person {
  name: string | null;
  email: string;
}

/** A file of a draft. It has a blob once it is at the server. */
export interface Attachment {
  /** Names it while it is edited. */
  key: string;
  blobId: string | null;
  name: string;
  type: string;
  size: number;
  /** Content-ID without "<>" of a picture that the HTML shows. */
  cid: string | null;
  /** It goes as a link: once it is at the server, the text says where, and it is no attachment any more. */
  asLink?: boolean;
}

/**
 * The mail that is answered or passed on, behind what is written. It is never edited in place: it is kept as the text that it was
 * made as, so that it arrives as it is, however often the draft is saved. Once it is opened it moves into `html` or `text`, and is gone here.
 */
export interface Quote {
  kind: 'reply' | 'forward';
  html: string;
  text: string;
}

export type Mode = 'rich' | 'plain';

/** What is marked at the mail that was answered or passed on, once this one is sent. */
export interface Answers {
  emailId: string;
  keyword: '$answered' | '$forwarded';
}

export interface Draft {
  /** Names the draft on all devices, through all of its versions: the left side of its Message-ID. */
  key: string;
  accountId: string;
  messageId: string;
  identityId: string;
  /** Null: the identity's own address. Else an address of the account that was written to, such as alice+shop@example.test. */
  fromEmail: string | null;
  to: Person[];
  cc: Person[];
  bcc: Person[];
  subject: string;
  mode: Mode;
  /** What was written, signature included: `html` counts in rich mode, `text` in plain mode. */
  html: string;
  text: string;
  quote: Quote | null;
  attachments: Attachment[];
  /** Ids of files behind links that were made for this mail. Those that its text names are shown with it. */
  linkIds?: string[];
  inReplyTo: string[];
  references: string[];
  answers: Answers | null;
  /** A template, from which mails are made. */
  template: boolean;
  /** When the writer is reminded, if nobody has answered: ms. It is kept in this browser alone. */
  remindAt?: number;
}

/** As much of an identity (RFC 8621 section 6) as writing needs. */
export interface Sender {
  id: string;
  name: string;
  email: string;
  replyTo: Person[] | null;
  bcc: Person[] | null;
  textSignature: string;
  htmlSignature: string;
}

/** As much of an Email as answering it needs: `ORIGINAL_PROPERTIES` of original.ts asks for it. */
export interface Original {
  id: string;
  blobId: string;
  subject: string;
  from: Person[];
  to: Person[];
  cc: Person[];
  bcc: Person[];
  replyTo: Person[];
  messageId: string[];
  inReplyTo: string[];
  references: string[];
  sentAt: string | null;
  receivedAt: string;
  size: number;
  /** Addresses at which servers say that they delivered it. */
  deliveredTo: string[];
  html: string | null;
  text: string | null;
  attachments: Attachment[];
}

export type AnswerKind = 'reply' | 'replyAll' | 'forward' | 'forwardAttached';

/** Words that get into mails, in the writer's language. */
export interface Phrases {
  /** "On 3 May 2026 at 14:32, Anna Petrova wrote:" */
  wrote(date: Date, who: string): string;
  date(date: Date): string;
  forwarded: string;
  from: string;
  dated: string;
  subject: string;
  to: string;
  cc: string;
}
