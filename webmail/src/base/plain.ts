/** Words are compared without case and marks over letters, and whatever form a letter has, as the server does. A sigma at the end is one. */
export const plain = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ς', 'σ');
