/** A part of the dialog that takes what is dropped on it: the first file, or text where that is wanted. */
export function acceptDrops(
  element: JQuery,
  take: { file(file: File): void; text?(text: string): void },
): void {
  element.on('dragenter dragover', (event) => {
    event.preventDefault();
    // The workspace takes files, too.
    event.stopPropagation();
    element.addClass('dicom-drop');
  });
  element.on('dragleave drop', () => void element.removeClass('dicom-drop'));
  element.on('drop', (event) => {
    const dropped = event.originalEvent?.dataTransfer;
    event.preventDefault();
    event.stopPropagation();
    const [file] = dropped?.files ?? [];
    if (file !== undefined) take.file(file);
    else take.text?.(dropped?.getData('text') ?? '');
  });
}

/** A button that opens the browser's choice of a file. */
export function acceptChosenFile(button: JQuery, chooser: JQuery, take: (file: File) => void): void {
  button.on('click', () => void chooser.trigger('click'));
  chooser.on('change', ({ target }) => {
    const element = target as unknown as HTMLInputElement;
    const [file] = element.files ?? [];
    if (file !== undefined) take(file);
    // So that the same file can be chosen again when it has been corrected.
    element.value = '';
  });
}
