/**
 * The obvious receiver: dcmjs-dimse's own server, as its README has it, that looks at the naturalized data set.
 * `node dimse-server.js PORT`.
 */
import * as dimse from 'dcmjs-dimse';

const { Accept, RejectTransferSyntaxesNotSupported } = dimse.constants.PresentationContextResult;

class ReadmeScp extends dimse.Scp {
  override associationRequested(association: dimse.association.Association): void {
    association.setMaxPduLength(65_536);
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id);
      const [transferSyntax] = context.getTransferSyntaxUids();
      if (transferSyntax === undefined) context.setResult(RejectTransferSyntaxesNotSupported);
      else context.setResult(Accept, transferSyntax);
    }
    this.sendAssociationAccept();
  }

  override cStoreRequest(
    request: dimse.requests.CStoreRequest,
    callback: (response: dimse.responses.CStoreResponse) => void,
  ): void {
    const response = dimse.responses.CStoreResponse.fromRequest(request);
    const elements = request.getDataset()?.getElements();
    const known = elements !== undefined && 'SOPInstanceUID' in elements;
    response.setStatus(known ? dimse.constants.Status.Success : dimse.constants.Status.ProcessingFailure);
    callback(response);
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
  }
}

dimse.log.setLevel('silent');
new dimse.Server(ReadmeScp).listen(Number(process.argv[2]));
