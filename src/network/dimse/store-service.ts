import { knownClass } from '../../dicom';
import { CommandField } from './command-field';
import type { ObjectStore } from './object-store';
import type { Service } from './service';
import { refuseStore, SOP_CLASS_REFUSED } from './store-checks';

export interface StorageOptions {
  store: ObjectStore;
  /** True for a SOP class whose objects are taken. */
  accepts: (sopClassUID: string) => boolean;
  /** Larger data sets are refused with A700; 0: no limit. */
  maxObjectBytes: number;
}

/** C-STORE (PS3.4 B, PS3.7 9.1.1): the data set goes piece by piece from the connection to the store. */
export function storeService({ store, accepts, maxObjectBytes }: StorageOptions): Service {
  return {
    commandField: CommandField.storeRQ,
    maxDataSetBytes: maxObjectBytes,
    serves: accepts,
    elsewhere: SOP_CLASS_REFUSED,
    begin({ association, context, command }) {
      const refused = refuseStore(command, (sopClassUID) => accepts(knownClass(sopClassUID)));
      if (refused !== undefined) return { refused };
      const { moveOriginatorAET, moveOriginatorMessageId } = command;
      return store.begin({
        association,
        messageId: command.messageId ?? 0,
        ...(moveOriginatorAET !== undefined && { moveOriginatorAET }),
        ...(moveOriginatorMessageId !== undefined && { moveOriginatorMessageId }),
        abstractSyntaxUID: context.abstractSyntax,
        sopClassUID: command.affectedSopClassUID ?? '',
        sopInstanceUID: command.affectedSopInstanceUID ?? '',
        transferSyntaxUID: context.transferSyntax,
      });
    },
  };
}
