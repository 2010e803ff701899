// A dialog that must be answered before one goes on. It is for what needs words (a folder's name) or what can't be undone; all else is done at
// once and can be undone.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from './Button.tsx';
import { openOverlay } from './overlay.tsx';

export interface DialogProps {
  title: string;
  class?: string;
  close(): void;
  children: ComponentChildren;
}

export function Dialog({ title, class: name = '', close, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = ref.current!;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog
      ref={ref}
      data-overlay
      class={`dialog ${name}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onKeyDown={(event) => event.stopPropagation()}
      onPointerDown={(event) => {
        if (event.target === ref.current) close();
      }}
    >
      <h2 id={id} class="dialog-title">
        {title}
      </h2>
      {children}
    </dialog>
  );
}

export interface Question {
  title: string;
  // What happens, in a sentence.
  text?: string;
  ok: string;
  cancel: string;
  danger?: boolean;
}

export interface TextQuestion extends Question {
  label: string;
  value: string;
  // It is not shown while it is typed.
  secret?: boolean;
  type?: 'text' | 'datetime-local';
  // A sentence about what is wrong with the text, or nothing.
  wrong?(text: string): string | undefined;
}

// Asks for a line of text; undefined when it was closed without one.
export function askText(question: TextQuestion): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer: string | undefined;
    openOverlay(
      'dialog',
      (self) => (
        <TextDialog
          question={question}
          close={self.close}
          done={(text) => {
            answer = text;
            self.close();
          }}
        />
      ),
      () => resolve(answer),
    );
  });
}

function TextDialog({ question, close, done }: { question: TextQuestion; close(): void; done(text: string): void }) {
  const text = useSignal(question.value);
  const tried = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    input.current?.focus();
    if (question.type === undefined) input.current?.select();
  }, []);
  const wrong = question.wrong?.(text.value.trim());
  const shown = tried.value ? wrong : undefined;
  const field = {
    ref: input,
    class: 'field-input',
    value: text.value,
    autocomplete: question.secret ? 'current-password' : 'off',
    'aria-invalid': shown !== undefined,
    'aria-describedby': shown ? id : undefined,
    onInput: (event: { currentTarget: HTMLInputElement }) => void (text.value = event.currentTarget.value),
  } as const;
  return (
    <Dialog title={question.title} close={close}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          tried.value = true;
          if (wrong === undefined && text.value.trim() !== '') done(text.value.trim());
        }}
      >
        {question.text && <p class="dialog-text">{question.text}</p>}
        <label class="field">
          <span class="field-label">{question.label}</span>
          {question.type === 'datetime-local' ? (
            <input type="datetime-local" {...field} />
          ) : question.secret ? (
            <input type="password" {...field} />
          ) : (
            <input type="text" {...field} />
          )}
        </label>
        {shown && (
          <p id={id} class="field-wrong" role="alert">
            {shown}
          </p>
        )}
        <div class="dialog-buttons">
          <Button onClick={close}>{question.cancel}</Button>
          <Button kind="primary" submit>
            {question.ok}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function askYes(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = false;
    openOverlay(
      'dialog',
      (self) => (
        <Dialog title={question.title} close={self.close}>
          {question.text && <p class="dialog-text">{question.text}</p>}
          <div class="dialog-buttons">
            <Button onClick={self.close}>{question.cancel}</Button>
            <Button
              kind={question.danger ? 'danger' : 'primary'}
              onClick={() => {
                answer = true;
                self.close();
              }}
            >
              {question.ok}
            </Button>
          </div>
        </Dialog>
      ),
      () => resolve(answer),
    );
  });
}
