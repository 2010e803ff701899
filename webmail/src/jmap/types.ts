/** Objects of RFC 8620 (core), RFC 8621 (mail) and of Postrider's own extensions, as they are on the wire. */

export type Id = string;
export type UtcDate = string;
export type State = string;
export type TypeName = 'Mailbox' | 'Email' | 'Thread' | 'Identity' | 'EmailSubmission' | 'EmailDelivery' | 'VacationResponse' | 'Quota' | 'SieveScript' | (string & {});

export const CORE = 'urn:ietf:params:jmap:core';
export const MAIL = 'urn:ietf:params:jmap:mail';
export const SUBMISSION = 'urn:ietf:params:jmap:submission';
export const VACATION = 'urn:ietf:params:jmap:vacationresponse';
/** doc/jmap.md, Snooze. */
export const BLOB = 'urn:ietf:params:jmap:blob';
export const SNOOZE = 'urn:ietf:params:jmap:mail:snooze';
/** A reminder sets it when it comes back: nobody has answered. */
export const UNANSWERED = '$unanswered';
export const WEBSOCKET = 'urn:ietf:params:jmap:websocket';

/** A call or its answer: RFC 8620 section 3.2. */
export type Invocation = [name: string, args: Record<string, unknown>, callId: string];

export interface Session {
  capabilities: Record<string, Record<string, unknown>>;
  accounts: Record<Id, SessionAccount>;
  primaryAccounts: Record<string, Id>;
  username: string;
  apiUrl: string;
  downloadUrl: string;
  uploadUrl: string;
  eventSourceUrl: string;
  state: State;
}

export interface SessionAccount {
  name: string;
  isPersonal: boolean;
  isReadOnly: boolean;
  accountCapabilities: Record<string, Record<string, unknown>>;
}

export interface CoreLimits {
  maxSizeUpload: number;
  maxConcurrentUpload: number;
  maxSizeRequest: number;
  maxConcurrentRequests: number;
  maxCallsInRequest: number;
  maxObjectsInGet: number;
  maxObjectsInSet: number;
}

export type MailboxRole = 'inbox' | 'archive' | 'drafts' | 'flagged' | 'important' | 'junk' | 'sent' | 'trash' | 'snoozed' | 'scheduled' | 'templates' | 'all';

export interface MailboxRights {
  mayReadItems: boolean;
  mayAddItems: boolean;
  mayRemoveItems: boolean;
  maySetSeen: boolean;
  maySetKeywords: boolean;
  mayCreateChild: boolean;
  mayRename: boolean;
  mayDelete: boolean;
  maySubmit: boolean;
  /** RFC 9670; where the server has it. */
  mayShare?: boolean;
}

export interface Mailbox {
  id: Id;
  name: string;
  parentId: Id | null;
  role: MailboxRole | null;
  sortOrder: number;
  totalEmails: number;
  unreadEmails: number;
  totalThreads: number;
  unreadThreads: number;
  myRights: MailboxRights;
  isSubscribed: boolean;
  /** doc/jmap.md, Sharing: ids of Principals, with what they may do. */
  shareWith?: Record<Id, Partial<MailboxRights>> | null;
}

export interface Thread {
  id: Id;
  emailIds: Id[];
}

export interface EmailAddress {
  name: string | null;
  email: string;
}

export interface EmailHeader {
  name: string;
  value: string;
}

export interface EmailBodyPart {
  partId: string | null;
  blobId: Id | null;
  size: number;
  name: string | null;
  type: string;
  charset: string | null;
  disposition: string | null;
  cid: string | null;
  language: string[] | null;
  location: string | null;
  subParts?: EmailBodyPart[];
  headers?: EmailHeader[];
}

export interface EmailBodyValue {
  value: string;
  isEncodingProblem: boolean;
  isTruncated: boolean;
}

export type Keywords = Record<string, true>;

/** What a list shows of a message. */
export interface EmailRow {
  id: Id;
  threadId: Id;
  mailboxIds: Record<Id, true>;
  keywords: Keywords;
  size: number;
  receivedAt: UtcDate;
  from: EmailAddress[] | null;
  to: EmailAddress[] | null;
  subject: string | null;
  preview: string;
  hasAttachment: boolean;
  /** doc/jmap.md, Snooze: where the server has it. */
  snoozed?: { until: UtcDate; moveToMailboxId?: Id | null; setKeywords?: Record<string, boolean>; unlessAnswered?: boolean } | null;
  awokenAt?: UtcDate | null;
  /** doc/jmap.md, Who sent this: where the server has it. */
  firstContact?: boolean | null;
}

/** A message with all that its reader shows. */
export interface Email extends EmailRow {
  blobId: Id;
  messageId: string[] | null;
  inReplyTo: string[] | null;
  references: string[] | null;
  sender: EmailAddress[] | null;
  cc: EmailAddress[] | null;
  bcc: EmailAddress[] | null;
  replyTo: EmailAddress[] | null;
  sentAt: string | null;
  bodyStructure: EmailBodyPart;
  bodyValues: Record<string, EmailBodyValue>;
  textBody: EmailBodyPart[];
  htmlBody: EmailBodyPart[];
  attachments: EmailBodyPart[];
  headers: EmailHeader[];
}

export interface Identity {
  id: Id;
  name: string;
  email: string;
  replyTo: EmailAddress[] | null;
  bcc: EmailAddress[] | null;
  textSignature: string;
  htmlSignature: string;
  mayDelete: boolean;
}

export interface SetError {
  type: string;
  description?: string;
  properties?: string[];
  existingId?: Id;
}

export interface FilterCondition {
  inMailbox?: Id;
  inMailboxOtherThan?: Id[];
  before?: UtcDate;
  after?: UtcDate;
  minSize?: number;
  maxSize?: number;
  allInThreadHaveKeyword?: string;
  someInThreadHaveKeyword?: string;
  noneInThreadHaveKeyword?: string;
  hasKeyword?: string;
  notKeyword?: string;
  hasAttachment?: boolean;
  text?: string;
  from?: string;
  to?: string;
  cc?: string;
  bcc?: string;
  subject?: string;
  body?: string;
  header?: string[];
  /** doc/jmap.md, Who sent this. */
  firstContact?: boolean;
}

export interface FilterOperator {
  operator: 'AND' | 'OR' | 'NOT';
  conditions: Filter[];
}

export type Filter = FilterCondition | FilterOperator;

export interface Comparator {
  property: string;
  isAscending?: boolean;
  keyword?: string;
}

/** The properties of an EmailRow, for Email/get. */
export const ROW_PROPERTIES = ['id', 'threadId', 'mailboxIds', 'keywords', 'size', 'receivedAt', 'from', 'to', 'subject', 'preview', 'hasAttachment'];
