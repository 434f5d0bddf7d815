/** The world is not as a start needs it: its message is all a person is shown, so it says what is wrong and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
